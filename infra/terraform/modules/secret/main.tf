# One secret: a place for the value of one setting. Its versions are written by the installation or by an operator.

resource "google_secret_manager_secret" "this" {
  secret_id = var.name

  replication {
    auto {}
  }
}
