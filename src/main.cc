#include "app/main.h"

#include "app/services.h"

int main(int argc, char** argv) { return starling::app::Main(argc, argv, starling::app::BuiltInServices()); }
