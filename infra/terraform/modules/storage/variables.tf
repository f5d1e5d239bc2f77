variable "name" {
  type        = string
  description = "What the bucket is called, of all buckets in the world."
}

variable "region" {
  type        = string
  description = "Where it is."
}

variable "origins" {
  type        = list(string)
  description = "Origins whose pages may send and fetch."

  validation {
    condition     = length(var.origins) > 0 && alltrue([for each in var.origins : can(regex("^https://[^/*]+$", each))])
    error_message = "Give https:// origins without a path; a star would let any page in."
  }
}

variable "protected" {
  type        = bool
  description = "Whether it is kept from being deleted while something is in it."
}
