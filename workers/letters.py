"""Letters: the words of each mail; names of every script are isolated where they stand."""

from tenants.errors import Said
from tenants.people.mailed_links import CONFIRM_HOURS, INVITATION_DAYS, MINUTES
from workers.dressing import Letter, isolated, plain


def magic_link(name: str, url: str) -> Letter:
    """A link that signs in."""
    return Letter(
        Said("Your sign-in link"),
        (Said("Hello %(name)s, press the button to sign in.", name=isolated(name)), _lifetime()),
        Said("Sign in"),
        url,
        Said("Somebody, probably you, asked for this link. If not, do nothing: without it nobody gets in."),
    )


def new_password(name: str, url: str) -> Letter:
    """A link that ends in a new password."""
    return Letter(
        Said("Choose a new password"),
        (Said("Hello %(name)s, press the button to choose a new password.", name=isolated(name)), _lifetime()),
        Said("Choose a new password"),
        url,
        Said("Somebody, probably you, asked for this link. If not, do nothing: your password stays as it is."),
    )


def password_changed(name: str, url: str) -> Letter:
    """What the owner of an account is told when its password was changed."""
    return Letter(
        Said("Your password was changed"),
        (
            Said("Hello %(name)s, the password of your account was changed just now.", name=isolated(name)),
            Said("Every other device was signed out."),
        ),
        Said("It was not me"),
        url,
        Said("If it was you, there is nothing to do. If not, press the button and choose a new one by a link."),
    )


def confirm(name: str, url: str) -> Letter:
    """A link that completes a sign-up."""
    return Letter(
        Said("Confirm your e-mail address"),
        (
            Said(
                "Welcome, %(name)s. Press the button to confirm that this address is yours and choose a password.",
                name=isolated(name),
            ),
            Said(
                "The link works once, within %(count)s hour.",
                "The link works once, within %(count)s hours.",
                count=CONFIRM_HOURS,
            ),
        ),
        Said("Confirm and choose a password"),
        url,
        Said("This address was used to sign up. If that was not you, do nothing."),
    )


def invitation(name: str, url: str) -> Letter:
    """A link that makes an account where people come by invitation."""
    return Letter(
        Said("You are invited"),
        (
            Said(
                "Hello %(name)s, you are invited. Press the button to choose a password, and you are in.",
                name=isolated(name),
            ),
            Said(
                "The link works once, within %(count)s day.",
                "The link works once, within %(count)s days.",
                count=INVITATION_DAYS,
            ),
        ),
        Said("Accept the invitation"),
        url,
        Said("Somebody who runs a channel here gave us this address. If you know of nothing, do nothing."),
    )


def email_taken(name: str, url: str) -> Letter:
    """What the owner of an address is told when it is signed up again."""
    return Letter(
        Said("You have an account already"),
        (
            Said(
                "Hello %(name)s, somebody tried to sign up with your address, which has an account.",
                name=isolated(name),
            ),
            Said("If that was you, sign in instead. A link by mail will do if you forgot the password."),
        ),
        Said("Sign in"),
        url,
        Said("If it was not you, do nothing: your account was not touched, and they were shown nothing of it."),
    )


def welcome(name: str, channel: str, url: str) -> Letter:
    """The first mail of a channel, or of the house."""
    return Letter(
        Said("Welcome to %(channel)s", channel=plain(channel)),
        (
            Said(
                "Hello %(name)s, it is good to have you at %(channel)s.", name=isolated(name), channel=isolated(channel)
            ),
        ),
        Said("Open %(channel)s", channel=isolated(channel)),
        url,
        Said("You get this once, because you joined."),
    )


def certificate_ready(name: str, channel: str, title: str, url: str) -> Letter:
    """A certificate can be opened."""
    return Letter(
        Said("Your certificate: %(title)s", title=plain(title)),
        (
            Said(
                "Congratulations, %(name)s. %(channel)s has issued your certificate for %(title)s.",
                name=isolated(name),
                channel=isolated(channel),
                title=isolated(title),
            ),
            Said("Anyone with its address can check it there, without an account."),
        ),
        Said("Open the certificate"),
        url,
        Said("You get this because you finished the course."),
    )


def recording_ready(name: str, channel: str, title: str, url: str) -> Letter:
    """A recording has become a lesson."""
    return Letter(
        Said("New recording: %(title)s", title=plain(title)),
        (
            Said(
                "Hello %(name)s, the recording of %(title)s is now a lesson at %(channel)s.",
                name=isolated(name),
                title=isolated(title),
                channel=isolated(channel),
            ),
        ),
        Said("Watch it"),
        url,
        Said("You get this because you are enrolled in the course."),
    )


def moderation_report(name: str, channel: str, told: str, url: str) -> Letter:
    """A week of moderation, in figures; its rooms and filters are told on its page alone."""
    return Letter(
        Said("A week of moderation: %(channel)s", channel=plain(channel)),
        (
            Said("Hello %(name)s, this was the week at %(channel)s.", name=isolated(name), channel=isolated(channel)),
            told,
        ),
        Said("Read the report"),
        url,
        Said(
            "You get this each Monday after a week in which something was to be moderated, because you moderate here."
        ),
    )


def order_paid(name: str, channel: str, title: str, price: str, url: str) -> Letter:
    """A receipt, and the way in."""
    return Letter(
        Said("Receipt: %(title)s", title=plain(title)),
        (
            Said(
                "Hello %(name)s, %(channel)s has received %(price)s for %(title)s. You are in.",
                name=isolated(name),
                channel=isolated(channel),
                price=price,
                title=isolated(title),
            ),
            Said("The page of your order is your receipt; it can be printed."),
        ),
        Said("Open your order"),
        url,
        Said("You get this because you bought something."),
    )


def order_returned(name: str, channel: str, title: str, price: str, reason: str, url: str) -> Letter:
    """A payment that could not be answered goes back."""
    return Letter(
        Said("Your payment is being returned: %(title)s", title=plain(title)),
        (
            Said(
                "Hello %(name)s, your payment of %(price)s for %(title)s arrived at %(channel)s, "
                "but the seat could not be given to you: %(reason)s",
                name=isolated(name),
                price=price,
                title=isolated(title),
                channel=isolated(channel),
                reason=isolated(reason),
            ),
            Said("The whole amount is on its way back to you; you need do nothing."),
        ),
        Said("Open your order"),
        url,
        Said("You get this because you paid for something."),
    )


def order_refunded(name: str, channel: str, title: str, price: str, url: str) -> Letter:
    """A price was given back."""
    return Letter(
        Said("Refunded: %(title)s", title=plain(title)),
        (
            Said(
                "Hello %(name)s, %(channel)s has given %(price)s back for %(title)s.",
                name=isolated(name),
                channel=isolated(channel),
                price=price,
                title=isolated(title),
            ),
            Said("Your bank may take some days to show it. Your place in the course has ended."),
        ),
        Said("Open your order"),
        url,
        Said("You get this because you bought something."),
    )


def _lifetime() -> Said:
    return Said("It works once, within %(count)s minute.", "It works once, within %(count)s minutes.", count=MINUTES)
