// Prints the OpenAPI document of a program that serves the contract of everything.proto, for test_everything_openapi.py.
#include <cstdio>

#include "app/openapi/openapi_base.h"
#include "app/openapi/openapi_merge.h"
#include "starling/everything/v1/everything.starling.h"

int main() {
  starling::app::OpenApiMerge merge;
  if (!merge.Add(starling::everything::v1::EverythingServiceContract()).ok()) return 1;
  std::fputs(merge.Document(starling::app::PublicBase()).c_str(), stdout);
  return 0;
}
