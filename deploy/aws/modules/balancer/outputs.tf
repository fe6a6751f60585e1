output "arn_suffix" {
  description = "The balancer, as metrics know it."
  value       = aws_lb.this.arn_suffix
}

output "domain" {
  description = "What a name points to, for Route 53."
  value       = { target = aws_lb.this.dns_name, zone_id = aws_lb.this.zone_id }
}

output "url" {
  description = "Where it is reached before it has a name."
  value       = "${var.certificate_arn == null ? "http" : "https"}://${aws_lb.this.dns_name}"
}

output "target_group" {
  description = "Where targets register: its ARN, and both parts of the name by which requests a target are counted."
  value = {
    arn   = aws_lb_target_group.this.arn
    label = "${aws_lb.this.arn_suffix}/${aws_lb_target_group.this.arn_suffix}"
  }
  # A service may register only once the balancer listens.
  depends_on = [aws_lb_listener.http, aws_lb_listener.https]
}

output "target_security_group_id" {
  description = "The security group of what runs behind it."
  value       = aws_security_group.targets.id
}
