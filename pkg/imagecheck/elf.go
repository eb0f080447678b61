package imagecheck

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// headBytes is how much of an executable is looked at: an ELF header, or the first line of a script, of which Linux reads
// 256 bytes (BINPRM_BUF_SIZE).
const headBytes = 256

// elfMachine reads the machine out of the start of an ELF file: the architectures that execute it, and its name in the ELF
// specification. ok is false for anything else.
func elfMachine(head []byte) (arches []string, raw string, ok bool) {
	if len(head) < 20 || !bytes.HasPrefix(head, []byte(elf.ELFMAG)) {
		return nil, "", false
	}
	var order binary.ByteOrder = binary.LittleEndian
	little := head[elf.EI_DATA] != byte(elf.ELFDATA2MSB)
	if !little {
		order = binary.BigEndian
	}
	m := elf.Machine(order.Uint16(head[18:20]))
	return arches64(m, elf.Class(head[elf.EI_CLASS]) == elf.ELFCLASS64, little), m.String(), true
}

// arches64 are the architectures, in Go's spelling, whose Linux executes a machine's code: an amd64 node runs 386.
func arches64(m elf.Machine, wide, little bool) []string {
	switch m {
	case elf.EM_X86_64:
		return []string{"amd64"}
	case elf.EM_386:
		return []string{"386", "amd64"}
	case elf.EM_AARCH64:
		return []string{"arm64"}
	case elf.EM_ARM:
		return []string{"arm"}
	case elf.EM_PPC64:
		return pick(little, "ppc64le", "ppc64")
	case elf.EM_S390:
		return []string{"s390x"}
	case elf.EM_RISCV:
		return pick(wide, "riscv64", "riscv")
	case elf.EM_LOONGARCH:
		return []string{"loong64"}
	case elf.EM_MIPS:
		if wide {
			return pick(little, "mips64le", "mips64")
		}
		return pick(little, "mipsle", "mips")
	}
	return nil
}

func pick(first bool, a, b string) []string {
	if first {
		return []string{a}
	}
	return []string{b}
}

// shebang is the interpreter of a script and its one argument.
func shebang(head []byte) (interpreter, argument string, ok bool) {
	rest, ok := bytes.CutPrefix(head, []byte("#!"))
	if !ok {
		return "", "", false
	}
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	line = bytes.TrimSpace(line)
	i := bytes.IndexAny(line, " \t")
	if i < 0 {
		i = len(line)
	}
	return string(line[:i]), string(bytes.TrimSpace(line[i:])), i > 0
}
