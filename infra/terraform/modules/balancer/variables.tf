variable "name" {
  type        = string
  description = "What its parts are called."
}

variable "region" {
  type        = string
  description = "Where the web processes run."
}

variable "service" {
  type        = string
  description = "The service of the web processes."
}

variable "hosts" {
  type        = set(string)
  description = "Hosts that get a certificate: the installation's own, and channels' domains."

  validation {
    condition     = alltrue([for each in var.hosts : can(regex("^([a-z0-9-]+\\.)+[a-z]{2,}$", each))])
    error_message = "Give host names, such as learn.example.org; no stars, for those need a proof by DNS."
  }
}
