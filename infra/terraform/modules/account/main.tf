# Who a role is, and all that it may do: read its own secrets, and where it works with files, the bucket.

resource "google_service_account" "this" {
  account_id   = var.name
  display_name = "Guildhall: ${var.role}"
}

resource "google_secret_manager_secret_iam_member" "reads" {
  for_each  = var.secrets
  secret_id = each.value
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.this.member
}

resource "google_storage_bucket_iam_member" "keeps" {
  count  = var.files ? 1 : 0
  bucket = var.bucket
  role   = "roles/storage.objectUser"
  member = google_service_account.this.member
}

# Signed addresses are signed as the role itself, without a key that could be lost.
resource "google_service_account_iam_member" "signs" {
  count              = var.files ? 1 : 0
  service_account_id = google_service_account.this.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = google_service_account.this.member
}
