output "id" {
  description = "The id of the secret."
  value       = google_secret_manager_secret.this.id
}
