#pragma once

#include <functional>
#include <thread>

namespace starling::observe {

// A thread with a name (at most 15 letters) that takes no signals: those are for the thread that main set aside.
std::thread StartThread(const char* name, std::function<void()> run);

}  // namespace starling::observe
