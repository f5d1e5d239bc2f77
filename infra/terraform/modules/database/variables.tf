variable "name" {
  type        = string
  description = "What the instance is called."
}

variable "region" {
  type        = string
  description = "Where it runs."
}

variable "network" {
  type        = string
  description = "The id of the network it is reached in."
}

variable "database_version" {
  type        = string
  description = "Which PostgreSQL, in Google's words."
  default     = "POSTGRES_18"

  validation {
    condition     = contains(["POSTGRES_16", "POSTGRES_17", "POSTGRES_18"], var.database_version)
    error_message = "Give POSTGRES_16 or newer."
  }
}

variable "tier" {
  type        = string
  description = "How large the machine is, such as db-custom-2-7680."

  validation {
    condition     = can(regex("^db-", var.tier))
    error_message = "Give a machine of Cloud SQL, such as db-custom-2-7680."
  }
}

variable "disk_gb" {
  type        = number
  description = "Gigabytes to begin with; it grows by itself."

  validation {
    condition     = var.disk_gb >= 10
    error_message = "Give 10 or more."
  }
}

variable "connections" {
  type        = number
  description = "How many connections at most: each web process takes up to 12, each worker up to 4."
  default     = 200
}

variable "standby" {
  type        = bool
  description = "Whether a second zone stands by."
}

variable "backups" {
  type        = number
  description = "How many daily backups are kept."

  validation {
    condition     = var.backups >= 7
    error_message = "Keep 7 or more."
  }
}

variable "protected" {
  type        = bool
  description = "Whether the instance is kept from being deleted."
}

variable "owner_password" {
  type        = string
  description = "The password of the owner; it is written to Google, never to the state."
  ephemeral   = true
  sensitive   = true
}

variable "rotation" {
  type        = number
  description = "A higher number sets the password anew."
}
