variable "project" {
  type        = string
  description = "The project that is watched."
}

variable "name" {
  type        = string
  description = "What alerts begin with."
}

variable "host" {
  type        = string
  description = "The installation's host."
}

variable "service" {
  type        = string
  description = "The service of the web processes."
}

variable "database" {
  type        = string
  description = "The database instance, as figures are labelled."
}

variable "cache" {
  type        = string
  description = "The cache instance, as figures are labelled."
}

variable "mail_to" {
  type        = set(string)
  description = "Who is told."

  validation {
    condition     = length(var.mail_to) > 0 && alltrue([for each in var.mail_to : can(regex("^[^@ ]+@[^@ ]+$", each))])
    error_message = "Give at least one e-mail address."
  }
}
