output "pool" {
  description = "The name of the pool."
  value       = google_cloud_run_v2_worker_pool.this.name
}
