output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "The network's addresses."
  value       = var.cidr
}

output "private_subnet_ids" {
  description = "Where programs run, one for each zone."
  value       = [for zone in local.zones : aws_subnet.private[zone].id]
}

output "public_subnet_ids" {
  description = "Where load balancers stand; empty without public subnets."
  value       = [for zone in keys(local.public) : aws_subnet.public[zone].id]
}
