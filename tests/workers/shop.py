"""A workshop for tests, and jobs that leave a trace in the database."""

from pathlib import Path

from providers import mail, pdf, storage
from providers.push import WebPush
from tenants.people.mailed_links import LinkSecrets
from tenants.scope import Tenancy
from tests.standins.payments import StandIn
from workers.registry import Workshop

SECRET = "a secret for tests, as long as it has to be"
BASE_URL = "http://127.0.0.1:8000"


def make_shop(tenancy: Tenancy, home: Path, payments: StandIn | None = None) -> Workshop:
    """All that a worker holds, in a folder of the test's own."""
    return Workshop(
        tenancy=tenancy,
        store=storage.choose("disk:var/files", BASE_URL, SECRET, home),
        mailer=mail.choose("folder:var/mail", "Guildhall <guildhall@localhost>", home),
        printer=pdf.choose("auto"),
        payments=payments or StandIn(),
        provider="sandbox",
        links=LinkSecrets(SECRET.encode()),
        base_url=BASE_URL,
        secret=SECRET.encode(),
        push=WebPush(SECRET.encode(), "mailto:guildhall@localhost"),
    )
