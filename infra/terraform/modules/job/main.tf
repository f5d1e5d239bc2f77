# A command that is run once and ends, such as `guildhall migrate` before a new version.

resource "google_cloud_run_v2_job" "this" {
  name                = var.name
  location            = var.region
  deletion_protection = var.protected

  template {
    task_count = 1

    template {
      service_account = var.account
      timeout         = "3600s"
      max_retries     = 0

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }

      volumes {
        name = "authority"
        secret {
          secret = var.authority
          items {
            path    = "ca.pem"
            version = "latest"
          }
        }
      }

      containers {
        image = var.image
        args  = var.arguments

        resources {
          limits = {
            cpu    = var.cpu
            memory = var.memory
          }
        }

        dynamic "env" {
          for_each = var.settings
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = var.secrets
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = env.value
                version = "latest"
              }
            }
          }
        }

        volume_mounts {
          name       = "authority"
          mount_path = "/etc/guildhall/redis"
        }
      }
    }
  }
}
