package scaffold

import (
	"regexp"
	"slices"
	"strings"
)

// reserved says why nothing may be called so; empty when a primitive may. Names become folders and packages in every
// language, because others generate clients from a primitive's contract: ameide_core_proto.class.v1 is no package that
// Python could import.
func reserved(k Kind, name string) string {
	snake := strings.ReplaceAll(name, "-", "_")
	switch {
	case slices.Contains(goWords(), name):
		return "is a word that Go reserves"
	case slices.Contains(pythonKeywords(), snake):
		return "is a word that Python reserves"
	case slices.Contains(typeScriptWords(), name):
		return "is a word that TypeScript reserves"
	case slices.Contains(windowsDevices(), name) || windowsPort.MatchString(name):
		return "is a device on Windows, where no folder can have its name"
	case versionSuffix.MatchString(name):
		return "is how Go spells the major version of a module"
	case slices.Contains(goFolders(), name):
		return "is a folder that Go treats in its own way"
	case k == Agent && slices.Contains(pythonModules(), snake):
		return "is a module that the agent itself imports, or Python's own"
	}
	return ""
}

// Reserved lists the names that a kind's primitives must not have, sorted: the words, without what ReservedPattern excludes
// beyond them.
func Reserved(k Kind) []string {
	lists := [][]string{goWords(), pythonKeywords(), typeScriptWords(), windowsDevices(), goFolders()}
	if k == Agent {
		lists = append(lists, pythonModules())
	}
	var names []string
	for _, name := range slices.Concat(lists...) {
		names = append(names, strings.ReplaceAll(name, "_", "-"))
	}
	names = slices.DeleteFunc(names, func(name string) bool { return !namePattern.MatchString(name) })
	slices.Sort(names)
	return slices.Compact(names)
}

// ReservedPattern is for the names beyond Reserved that no primitive may have: ports of Windows, and versions of Go modules.
const ReservedPattern = windowsPorts + "|" + versionSuffixes

const (
	windowsPorts    = `^(com|lpt)[0-9]$`
	versionSuffixes = `^v[0-9]+$`
)

var (
	windowsPort   = regexp.MustCompile(windowsPorts)
	versionSuffix = regexp.MustCompile(versionSuffixes)
)

// goWords are the keywords and the predeclared identifiers of the Go specification.
func goWords() []string {
	return strings.Fields(`break case chan const continue default defer else fallthrough for func go goto if import interface map
		package range return select struct switch type var
		any bool byte comparable complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8
		uint16 uint32 uint64 uintptr true false iota nil append cap clear close complex copy delete imag len make max min new
		panic print println real recover init main`)
}

// pythonKeywords are keyword.kwlist of Python 3, and the soft keywords, in lower case as a name is.
func pythonKeywords() []string {
	return strings.Fields(`false none true and as assert async await break class continue def del elif else except finally for from
		global if import in is lambda nonlocal not or pass raise return try while with yield match case type`)
}

// typeScriptWords are the reserved words of ECMAScript, strict mode included, and those that TypeScript adds.
func typeScriptWords() []string {
	return strings.Fields(`break case catch class const continue debugger default delete do else enum export extends false finally
		for function if import in instanceof new null return super switch this throw true try typeof var void while with
		implements interface let package private protected public static yield await arguments eval any boolean never number
		object string symbol undefined unknown bigint`)
}

func windowsDevices() []string { return []string{"con", "prn", "aux", "nul", "conin", "conout"} }

// goFolders are treated by the go command in a way that would hide the primitive or what is below it.
func goFolders() []string { return []string{"internal", "testdata", "vendor"} }

// pythonModules are those of the standard library (sys.stdlib_module_names of 3.11 without private and test modules) and
// the packages that an agent's skeleton imports. An agent's folder stands before both on the path.
func pythonModules() []string {
	return strings.Fields(`abc aifc antigravity argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect
		builtins bz2 calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall concurrent
		configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis
		distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib
		functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http idlelib imaplib
		imghdr imp importlib inspect io ipaddress itertools json keyword linecache locale logging lzma mailbox
		mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path
		numbers opcode operator optparse os ossaudiodev parser pathlib pdb pickle pickletools pipes pkgutil platform plistlib
		poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re
		readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib
		sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct
		subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios test textwrap this threading
		time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle turtledemo types typing unicodedata
		unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp
		zipfile zipimport zlib zoneinfo
		annotated_types anyio certifi click cryptography fastapi grpc h11 httpcore httpx idna jwt langchain langchain_core
		langgraph langsmith openai opentelemetry orjson prometheus_client pydantic pydantic_core pytest requests sniffio src
		starlette tests urllib3 uvicorn yaml`)
}
