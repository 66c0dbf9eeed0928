// A throw-away certificate authority, and what it has signed, as files.
#pragma once

#include <string>

namespace starling::http::testing {

// Files in the tests' folder for temporary files, removed with the object.
struct Certificates {
  Certificates();
  ~Certificates();
  std::string authority;
  std::string server_certificate, server_key;  // for localhost and 127.0.0.1
  std::string client_certificate, client_key;  // for worker.starling
};

}  // namespace starling::http::testing
