// RESTITCH_API: what the shared libraries offer. It stands before the name of the namespace wherever an
// installed header opens it, so all that such a header declares is visible to programs, and nothing else is:
// the libraries are compiled with hidden visibility (docs/decisions/0012-what-the-libraries-export.md).
#pragma once

#define RESTITCH_API [[gnu::visibility("default")]]
