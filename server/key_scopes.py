"""Which scope a key needs for which operation, by the operation's name; one that is not here takes no keys."""

from tenants.keys.scopes import KeyScope

_BY_SCOPE = {
    KeyScope.READ_COMMUNITY: "list_rooms list_room_sections list_insiders list_messages read_message read_history"
    " read_thread list_threads count_threads list_pins list_bookmarks read_marks list_voters",
    KeyScope.WRITE_COMMUNITY: "add_room edit_room archive_room bring_room_back let_in take_out post_message"
    " edit_message delete_message put_reaction delete_reaction mark_thread follow_thread leave_thread"
    " begin_attachment complete_attachment read_attachment drop_attachment remove_preview"
    " pin_message unpin_message save_message unsave_message add_room_section rename_room_section remove_room_section"
    " order_rooms put_vote delete_vote close_poll",
    KeyScope.READ_COURSES: "list_courses read_course list_sections list_lessons read_lesson list_batches read_batch"
    " list_classes list_classes_of_batch read_class",
    KeyScope.WRITE_COURSES: "add_course edit_course remove_course publish_course withdraw_course add_section"
    " edit_section remove_section move_section add_lesson edit_lesson remove_lesson publish_lesson withdraw_lesson"
    " move_lesson complete_lesson add_batch edit_batch list_students add_student remove_student add_class edit_class"
    " read_attendance list_recordings retry_recording begin_upload complete_upload",
    KeyScope.READ_MEMBERS: "list_members read_member list_people read_profile",
    KeyScope.WRITE_MEMBERS: "ban_member unban_member",
    KeyScope.READ_CERTIFICATES: "list_certificates",
    KeyScope.WRITE_CERTIFICATES: "issue_certificate revoke_certificate supersede_certificate",
    KeyScope.READ_ORDERS: "list_orders read_order",
    KeyScope.WRITE_ORDERS: "refund_order",
    KeyScope.READ_WEBHOOKS: "list_webhooks read_webhook list_deliveries list_attempts list_incoming read_incoming"
    " list_refusals",
    KeyScope.WRITE_WEBHOOKS: "add_webhook edit_webhook remove_webhook turn_webhook test_webhook replay_delivery"
    " add_incoming edit_incoming remove_incoming turn_incoming",
}
KEY_SCOPES: dict[str, KeyScope] = {name: scope for scope, names in _BY_SCOPE.items() for name in names.split()}
