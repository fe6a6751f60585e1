# shellcheck shell=bash
# Sourced by the scripts beside it: what is deployed where, and Terraform with its state.
#
#   STACK        an example: serverless (the default), containers, instances, classification, multi-region, dev-prod
#   ENVIRONMENT  dev (the default), prod, …
#   OWNER        whose it is; a tag on everything
#   REGION       where; AWS_REGION, or us-east-1
#   VARS         a file of variables (*.tfvars) for what has no default
#   ARTEFACT     the Lambda artefact; build/lambda.zip by default
#   STATE        local keeps the state in build/; else it is in the bucket that `make bootstrap` made
#   YES=1        asks nothing

aws_folder=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=$(cd "$aws_folder/../.." && pwd)
build=$aws_folder/build
mkdir -p "$build"

STACK=${STACK:-serverless}
ENVIRONMENT=${ENVIRONMENT:-dev}
REGION=${REGION:-${AWS_REGION:-us-east-1}}
PROJECT=${PROJECT:-busbar}
ARTEFACT=${ARTEFACT:-$build/lambda.zip}
example=$aws_folder/examples/$STACK
name=$STACK-$ENVIRONMENT
export AWS_REGION=$REGION AWS_DEFAULT_REGION=$REGION
export TF_IN_AUTOMATION=1 TF_INPUT=0 TF_DATA_DIR=$build/$name.terraform

fail() {
  printf 'error: %s\n' "$*" >&2
  exit 1
}

need() {
  command -v "$1" >/dev/null || fail "$1 is not on this machine: $2"
}

# Whether the person at the terminal wants it; where nobody sits at one, YES=1 says so.
sure() {
  local answer
  [ "${YES:-}" = 1 ] && return
  [ -t 0 ] || fail "nobody is here to ask: $1 Say YES=1."
  read -r -p "$1 [yes/no] " answer
  [ "$answer" = yes ] || fail "nothing was changed"
}

tf() { terraform -chdir="$example" "$@"; }

# The example's own variables; those that an example does not have are left out.
variables() {
  local declared
  declared=$(grep -ho '^variable "[A-Za-z_]*"' "$example"/*.tf)
  given() { if grep -qF "\"$1\"" <<<"$declared"; then printf -- '-var\0%s=%s\0' "$1" "$2"; fi; }
  given OWNER "${OWNER:-}"
  given project "$PROJECT"
  given environment "$ENVIRONMENT"
  given region "$REGION"
  [ -z "${DISPOSABLE:-}" ] || given disposable "$DISPOSABLE"
  if [ -f "$ARTEFACT" ] && [ "$STACK" != dev-prod ]; then given artefact "$ARTEFACT"; fi
  if [ -f "$root/console/dist/index.html" ]; then given site_folder "$root/console/dist"; fi
  if [ -f "$example/$ENVIRONMENT.tfvars" ]; then printf -- '-var-file\0%s\0' "$example/$ENVIRONMENT.tfvars"; fi
  # The last word is the caller's.
  if [ -n "${VARS:-}" ]; then printf -- '-var-file\0%s\0' "$(cd "$(dirname "$VARS")" && pwd)/$(basename "$VARS")"; fi
}

read_variables() { mapfile -d '' -t given < <(variables); }

# Where the state is. An emulator is reached by paths: it has no names for buckets.
init() {
  need terraform "https://developer.hashicorp.com/terraform/install (1.10 or later)"
  [ -d "$example" ] || fail "there is no example '$STACK' in deploy/aws/examples"
  if [ "${STATE:-}" = local ]; then
    printf 'terraform {\n  backend "local" {\n    path = "%s"\n  }\n}\n' "$build/$name.tfstate" >"$example/state_override.tf"
    tf init -reconfigure >/dev/null
    return
  fi
  rm -f "$example/state_override.tf"
  local bucket=${STATE_BUCKET:-}
  [ -n "$bucket" ] || bucket=$(cat "$build/state-bucket" 2>/dev/null) ||
    fail "no bucket for the state: run 'make bootstrap OWNER=…' first, or say STATE_BUCKET, or STATE=local"
  local place=(-backend-config="bucket=$bucket" -backend-config="key=$STACK/$ENVIRONMENT.tfstate"
    -backend-config="region=$REGION" -backend-config=encrypt=true -backend-config=use_lockfile=true)
  if [ -n "${AWS_ENDPOINT_URL:-}" ]; then
    place+=(-backend-config=use_path_style=true -backend-config=skip_credentials_validation=true
      -backend-config=skip_requesting_account_id=true)
  fi
  tf init -reconfigure "${place[@]}" >/dev/null
}

owner() { [ -n "${OWNER:-}" ] || fail "whose is it? OWNER=you@example.com"; }

# plan ARGUMENT…: writes a change set to build/ and shows it.
plan() {
  local given
  read_variables
  tf plan -out="$build/$name.tfplan" "${given[@]}" "$@"
}

apply() {
  tf apply "$build/$name.tfplan"
  rm -f "$build/$name.tfplan"
}

# What others of its parts changed about a thing after it was made is no drift.
settle() {
  local given
  read_variables
  tf apply -refresh-only -auto-approve "${given[@]}" >/dev/null
}

# outputs NAME: one output as JSON.
outputs() { tf output -json "$1"; }
