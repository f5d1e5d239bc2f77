variable "project" {
  type        = string
  description = "The project of Google Cloud it lives in."
}

variable "region" {
  type        = string
  description = "Where it runs."
  default     = "europe-west1"
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
