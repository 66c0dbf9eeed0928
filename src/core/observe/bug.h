// What happens when the program itself is wrong: an exception that nobody expected, a crash.
#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "core/context/request_context.h"

namespace starling::observe {

// Logs an exception that a handler let out, once, as an error: its type and text, where it was thrown, request id and
// trace. `where` names the method. The caller of the method hears the request id and nothing else. Any thread.
void ReportBug(const RequestContext& context, std::string_view where, const std::exception_ptr& exception);

// Where the exception was thrown, innermost first, "name <- name <- ..."; the present stack if it was thrown on another
// thread, or another exception was thrown on this one since.
std::string StackOf(const std::exception_ptr& exception);

// From now on a crash prints its stack to standard error, and an exception that nobody catches is logged with its own
// before the process ends. Called once by main.
void InstallCrashReports(const char* program);

}  // namespace starling::observe
