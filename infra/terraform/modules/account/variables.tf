variable "name" {
  type        = string
  description = "What the account is called, 6 to 30 letters."

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.name))
    error_message = "Give 6 to 30 small letters, digits and hyphens."
  }
}

variable "role" {
  type        = string
  description = "The role it stands for."
}

variable "secrets" {
  type        = map(string)
  description = "Ids of the secrets it reads, by name."
}

variable "bucket" {
  type        = string
  description = "The bucket of films and files."
}

variable "files" {
  type        = bool
  description = "Whether it reads, writes and signs for files."
}
