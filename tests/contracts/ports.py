"""Where the contract of each port is, and which adapters are under it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from providers import live, mail, payments, storage


@dataclass(frozen=True, slots=True)
class Port:
    """A port: the file of its contract, the parameters that name an adapter there, and the adapters.

    `apart` says of an adapter why some tests are none of its business.
    """

    path: str
    named_by: tuple[str, ...]
    adapters: tuple[str, ...]
    apart: Mapping[str, str] = field(default_factory=dict)


PORTS = {
    "storage": Port("tests/providers/test_storage.py", ("store",), (*storage.ADAPTERS, "fake-gcs-server")),
    "payments": Port("tests/providers/test_payments.py", ("side",), tuple(payments.ADAPTERS)),
    "live": Port(
        "tests/providers/test_live_contract.py",
        ("side", "teller", "kind"),
        tuple(live.ADAPTERS),
        {
            "generic": "it tells and is asked nothing: there are no rooms to make there, and it has no address",
            "link": "it is an address: nobody tells anything, and nobody is asked",
        },
    ),
    "mail": Port("tests/providers/test_mail.py", ("box",), tuple(name for name in mail.ADAPTERS if name != "smtps")),
    "search": Port("tests/search/test_engines.py", ("engine",), ("postgresql", "elasticsearch")),
    "pdf": Port("tests/providers/test_pdf.py", ("printer",), ("chromium",)),
}
