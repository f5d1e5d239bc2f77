variable "project" {
  type        = string
  description = "The project of Google Cloud it lives in."
}

variable "name" {
  type        = string
  description = "What its parts are called; short, for account names have at most 30 letters."
  default     = "guildhall"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.name))
    error_message = "Give 3 to 20 small letters, digits and hyphens."
  }
}

variable "region" {
  type        = string
  description = "Where it runs."
  default     = "europe-west1"
}

variable "range" {
  type        = string
  description = "Addresses of the roles, as a CIDR of /24 or wider."
  default     = "10.20.0.0/22"
}

variable "host" {
  type        = string
  description = "The host people type, such as learn.example.org."

  validation {
    condition     = can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", var.host))
    error_message = "Give a host name without https:// and without a path."
  }
}

variable "channel_hosts" {
  type        = set(string)
  description = "Other hosts with a certificate: channels' own domains, and their names below the installation's."
  default     = []
}

variable "image" {
  type        = string
  description = "The image of Guildhall, in the registry, with a tag of its own."
}

variable "rotation" {
  type        = number
  description = "Raise it to give the database's roles and the figures new secrets; then run the job `migrate`."
  default     = 1

  validation {
    condition     = var.rotation >= 1
    error_message = "Give 1 or more; it may only grow."
  }
}

variable "given" {
  type        = set(string)
  description = "Settings whose secrets an operator has filled, such as MAIL."
  default     = []

  validation {
    condition     = alltrue([for each in var.given : contains(["MAIL", "STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "ELASTICSEARCH_URL", "SENTRY_DSN"], each)])
    error_message = "Give names out of MAIL, STRIPE_SECRET_KEY, STRIPE_WEBHOOK_SECRET, ELASTICSEARCH_URL, SENTRY_DSN."
  }
}

variable "mail_from" {
  type        = string
  description = "The sender of mails, such as Guildhall <hello@example.org>."
}

variable "mail_to" {
  type        = set(string)
  description = "Who is told when something is wrong."
}

variable "sign_up" {
  type        = string
  description = "Who may sign up: open, confirm or invite."
  default     = "confirm"

  validation {
    condition     = contains(["open", "confirm", "invite"], var.sign_up)
    error_message = "Give open, confirm or invite."
  }
}

variable "payments" {
  type        = string
  description = "sandbox, or stripe, whose two secrets must be given."
  default     = "sandbox"

  validation {
    condition     = contains(["sandbox", "stripe"], var.payments)
    error_message = "Give sandbox or stripe."
  }

  validation {
    condition     = var.payments != "stripe" || length(setsubtract(["STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET"], var.given)) == 0
    error_message = "Fill the secrets STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, and name both in given."
  }
}

variable "stripe_api_base" {
  type        = string
  description = "Where Stripe is asked."
  default     = "https://api.stripe.com"
}

variable "recording_hosts" {
  type        = list(string)
  description = "Hosts that recordings may come from besides public https ones."
  default     = []
}

variable "webhook_hosts" {
  type        = list(string)
  description = "Hosts with their port that webhooks may be sent to though they are private."
  default     = []
}

variable "access_token_seconds" {
  type        = number
  description = "How long an access token lives."
  default     = 900

  validation {
    condition     = var.access_token_seconds >= 10 && var.access_token_seconds <= 86400
    error_message = "Give 10 to 86400."
  }
}

variable "refresh_token_days" {
  type        = number
  description = "How long one may stay away and still be signed in."
  default     = 7

  validation {
    condition     = var.refresh_token_days >= 1 && var.refresh_token_days <= 365
    error_message = "Give 1 to 365."
  }
}

variable "database_version" {
  type        = string
  description = "Which PostgreSQL, in Google's words."
  default     = "POSTGRES_18"
}

variable "database_tier" {
  type        = string
  description = "How large the database's machine is."
}

variable "database_disk_gb" {
  type        = number
  description = "Gigabytes of its disk to begin with."
  default     = 20
}

variable "backups" {
  type        = number
  description = "How many daily backups are kept."
  default     = 30
}

variable "standby" {
  type        = bool
  description = "Whether database and cache have a second zone."
}

variable "cache_node_type" {
  type        = string
  description = "How large the cache is."
  default     = "SHARED_CORE_NANO"
}

variable "web_least" {
  type        = number
  description = "How many web processes there are at least."
  default     = 1
}

variable "web_most" {
  type        = number
  description = "How many web processes there are at most."
  default     = 10
}

variable "workers" {
  type        = map(number)
  description = "How many workers of a queue there are, where it is not one; one steward is enough."
  default     = {}

  validation {
    condition     = alltrue([for queue in keys(var.workers) : contains(["render", "media", "index", "webhooks", "default"], queue)])
    error_message = "Give queues out of render, media, index, webhooks, default."
  }
}

variable "protected" {
  type        = bool
  description = "Whether what holds data is kept from being deleted."
  default     = true
}
