"""Which page of the studio answers which address, below `/c/{slug}/studio`."""

from server.pages.studio import (
    batches,
    certificates,
    classes,
    courses,
    lessons,
    overview,
    payments,
    people,
    rooms,
    settings,
)
from server.pages.visits import PageHandler

HOME = "/c/{slug}/studio"
READS: tuple[tuple[str, PageHandler], ...] = (
    ("", overview.overview),
    ("/courses", courses.courses_page),
    ("/courses/{id}", courses.course_page),
    ("/lessons/{id}", lessons.lesson_page),
    ("/batches", batches.batches_page),
    ("/classes", classes.classes_page),
    ("/rooms", rooms.rooms_page),
    ("/members", people.members_page),
    ("/certificates", certificates.certificates_page),
    ("/payments", payments.payments_page),
    ("/settings", settings.settings_page),
)
WRITES: tuple[tuple[str, PageHandler], ...] = (
    ("/courses", courses.add_course),
    ("/courses/{id}", courses.save_course),
    ("/courses/{id}/publish", courses.publish_course),
    ("/courses/{id}/price", courses.price_course),
    ("/courses/{id}/sections", courses.add_section),
    ("/courses/{id}/lessons", courses.add_lesson),
    ("/lessons/{id}", lessons.save_lesson),
    ("/lessons/{id}/publish", lessons.publish_lesson),
    ("/lessons/{id}/delete", lessons.delete_lesson),
    ("/lessons/{id}/move", lessons.move_lesson),
    ("/batches", batches.add_batch),
    ("/batches/{id}/price", batches.price_batch),
    ("/payments/account", payments.open_account),
    ("/orders/{id}/refund", payments.refund),
    ("/classes", classes.plan),
    ("/classes/{id}/cancel", classes.cancel),
    ("/recordings/{id}/retry", classes.retry),
    ("/connections", classes.connect),
    ("/rooms", rooms.add_room),
    ("/members/invite", people.invite),
    ("/members/{id}/role", people.change_role),
    ("/members/{id}/ban", people.ban),
    ("/members/{id}/unban", people.unban),
    ("/certificates", certificates.issue),
    ("/certificates/{code}/revoke", certificates.revoke),
    ("/settings", settings.save_settings),
)
