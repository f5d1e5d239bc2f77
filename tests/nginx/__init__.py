"""nginx in front of the product: the real program with the written site, over real sockets."""
