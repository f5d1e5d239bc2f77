# Where images are pushed to; a tag means one image for ever.

resource "google_artifact_registry_repository" "this" {
  repository_id = var.name
  location      = var.region
  format        = "DOCKER"
  description   = "Images of Guildhall"

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep the newest"
    action = "KEEP"

    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "drop what is old"
    action = "DELETE"

    condition {
      older_than = "7776000s"
    }
  }
}
