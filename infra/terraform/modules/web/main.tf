# The web processes, reached through the load balancer alone.

resource "google_cloud_run_v2_service" "this" {
  name                 = var.name
  location             = var.region
  ingress              = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
  invoker_iam_disabled = true # visitors are no accounts of Google's; who is let in is the application's matter
  default_uri_disabled = true
  deletion_protection  = var.protected

  template {
    service_account                  = var.account
    timeout                          = "3600s" # the life of a live wire; its clients come back by themselves
    session_affinity                 = true    # polling clients must find the process that knows them
    max_instance_request_concurrency = var.concurrency

    scaling {
      min_instance_count = var.least
      max_instance_count = var.most
    }

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
      args  = ["web"]

      ports {
        container_port = 8000
      }

      resources {
        limits = {
          cpu    = var.cpu
          memory = var.memory
        }
        cpu_idle          = false # sockets are told things between requests
        startup_cpu_boost = true
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

      startup_probe {
        period_seconds    = 2
        failure_threshold = 30
        http_get {
          path = "/readyz"
        }
      }

      liveness_probe {
        period_seconds    = 10
        timeout_seconds   = 3
        failure_threshold = 3
        http_get {
          path = "/livez"
        }
      }
    }
  }
}
