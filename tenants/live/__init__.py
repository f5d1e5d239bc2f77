"""Live classes: connections to providers, the classes of a batch, who came, and recordings that become lessons."""
