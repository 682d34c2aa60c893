-- What SQLite finds wrong with its file (sqlite.org/pragma.html#pragma_quick_check); `ok`: nothing.
PRAGMA quick_check
