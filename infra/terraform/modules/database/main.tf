# PostgreSQL: private, encrypted on the way, with backups and recovery to any point of the last days.

resource "google_sql_database_instance" "this" {
  name                = var.name
  region              = var.region
  database_version    = var.database_version
  deletion_protection = var.protected

  settings {
    edition                     = "ENTERPRISE"
    tier                        = var.tier
    availability_type           = var.standby ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.protected

    ip_configuration {
      ipv4_enabled                                  = false
      private_network                               = var.network
      ssl_mode                                      = "ENCRYPTED_ONLY"
      enable_private_path_for_google_cloud_services = false
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      transaction_log_retention_days = 7
      start_time                     = "02:00"

      backup_retention_settings {
        retained_backups = var.backups
      }
    }

    insights_config {
      query_insights_enabled = true
    }

    maintenance_window {
      day          = 7
      hour         = 3
      update_track = "stable"
    }

    database_flags {
      name  = "max_connections"
      value = tostring(var.connections)
    }
  }
}

resource "google_sql_database" "guildhall" {
  name     = "guildhall"
  instance = google_sql_database_instance.this.name
}

# The owner migrates and makes the other roles; only the job `migrate` knows its password.
resource "google_sql_user" "owner" {
  name                = "guildhall_owner"
  instance            = google_sql_database_instance.this.name
  password_wo         = var.owner_password
  password_wo_version = var.rotation
}
