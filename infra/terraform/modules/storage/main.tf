# The bucket of films and files: read and written by signed addresses only.

resource "google_storage_bucket" "this" {
  name                        = var.name
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  force_destroy               = !var.protected

  versioning {
    enabled = true
  }

  soft_delete_policy {
    retention_duration_seconds = 7 * 86400
  }

  # What was written over or deleted goes for good after a month, unfinished uploads after a week.
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      with_state                 = "ARCHIVED"
      days_since_noncurrent_time = 30
    }
  }

  lifecycle_rule {
    action {
      type = "AbortIncompleteMultipartUpload"
    }
    condition {
      age = 7
    }
  }

  # Browsers send and fetch pieces themselves.
  cors {
    origin          = var.origins
    method          = ["GET", "HEAD", "PUT", "POST", "DELETE"]
    response_header = ["Content-Type", "Content-Length", "Content-Range", "Range", "ETag", "X-Goog-Hash", "Location"]
    max_age_seconds = 3600
  }
}
