output "email" {
  description = "The account's name in full, once it may do what it must."
  value       = google_service_account.this.email
  depends_on = [
    google_secret_manager_secret_iam_member.reads,
    google_storage_bucket_iam_member.keeps,
    google_service_account_iam_member.signs,
  ]
}
