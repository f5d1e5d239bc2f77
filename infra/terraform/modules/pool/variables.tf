variable "name" {
  type        = string
  description = "What it is called."
}

variable "region" {
  type        = string
  description = "Where it runs."
}

variable "image" {
  type        = string
  description = "The image to run, with its tag or digest."

  validation {
    condition     = can(regex("[:@]", var.image)) && !endswith(var.image, ":latest")
    error_message = "Give an image with a tag of its own or a digest; latest is none."
  }
}

variable "account" {
  type        = string
  description = "The service account it runs as."
}

variable "network" {
  type        = string
  description = "The id of the network it reaches database and cache in."
}

variable "subnetwork" {
  type        = string
  description = "The id of its part of the network."
}

variable "settings" {
  type        = map(string)
  description = "Settings of Guildhall that anyone may see, by name."
}

variable "secrets" {
  type        = map(string)
  description = "Ids of the secrets that hold the other settings, by name."
}

variable "authority" {
  type        = string
  description = "The id of the secret with the cache's authority, PEM."
}

variable "cpu" {
  type        = string
  description = "Processors, such as 1."
  default     = "1"
}

variable "memory" {
  type        = string
  description = "Memory, such as 1Gi."
  default     = "1Gi"

  validation {
    condition     = can(regex("^[0-9]+(Mi|Gi)$", var.memory))
    error_message = "Give Mi or Gi, such as 1Gi."
  }
}

variable "protected" {
  type        = bool
  description = "Whether it is kept from being deleted."
}

variable "arguments" {
  type        = list(string)
  description = "The words after `guildhall`."

  validation {
    condition     = length(var.arguments) > 0
    error_message = "Give a command of Guildhall, such as [\"steward\"]."
  }
}

variable "instances" {
  type        = number
  description = "How many there are."

  validation {
    condition     = var.instances >= 0
    error_message = "Give 0 or more."
  }
}
