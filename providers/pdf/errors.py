"""What can go wrong between a document and its PDF."""


class PrinterDown(Exception):
    """There is no working browser at this moment; the same document may print later."""


class PrintRefused(Exception):
    """The document did not become a PDF that may be published; printing it again gives the same answer."""
