#include "app/main.h"

#include "service.h"

int main(int argc, char** argv) { return starling::app::Main(argc, argv, {starling::notes::Definition()}); }
