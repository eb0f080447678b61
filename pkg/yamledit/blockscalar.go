package yamledit

import "bytes"

// blockScalarEnd is the offset behind the content of the block scalar whose
// indicator stands at i: behind the text of its last line, or behind the
// blank lines that follow where the header says that they are kept ("|+").
// Lines that start with '#' are content as long as they are indented.
func (d *Document) blockScalarEnd(i int) int {
	header := d.src[i:min(d.lines.nextLine(i), len(d.src))]
	indent, keep := d.blockIndent(i, header)
	end := i + len(bytes.TrimRight(header, " \t\r\n"))
	for at := d.lines.nextLine(i); at < len(d.src); at = d.lines.nextLine(at) {
		line := d.lineText(at)
		spaces := len(line) - len(bytes.TrimLeft(line, " "))
		blank := spaces == len(line)
		if !blank && spaces < indent {
			break
		}
		if keep || !blank || spaces > indent {
			end = at + len(line)
		}
		if d.lines.nextLine(at) == at {
			break
		}
	}
	return end
}

// lineText is the line at offset at without its break.
func (d *Document) lineText(at int) []byte {
	next := d.lines.nextLine(at)
	line := d.src[at:next]
	if i := d.lines.index(at) + 1; i < len(d.lines.start) {
		for n := 1; n <= 3 && n <= len(line); n++ {
			if breakAt(line, len(line)-n) == n {
				trimmed := line[:len(line)-n]
				if n == 1 && bytes.HasSuffix(trimmed, []byte("\r")) && line[len(line)-1] == '\n' {
					return trimmed[:len(trimmed)-1]
				}
				return trimmed
			}
		}
	}
	return line
}

// blockIndent reads the indentation of a block scalar's content and whether
// its header keeps trailing blank lines.
func (d *Document) blockIndent(i int, header []byte) (indent int, keep bool) {
	explicit := 0
	for _, c := range header[1:] {
		if c == '+' {
			keep = true
		} else if c >= '1' && c <= '9' {
			explicit = int(c - '0')
		} else if c != '-' {
			break
		}
	}
	if explicit > 0 {
		return max(d.parentIndent(i)+explicit, 1), keep
	}
	return d.detectedIndent(i), keep
}

// detectedIndent is the indentation of the first line with text, or that of a
// longer blank line before it, as the scanner has it.
func (d *Document) detectedIndent(i int) int {
	indent := 1
	for at := d.lines.nextLine(i); at < len(d.src); at = d.lines.nextLine(at) {
		line := d.lineText(at)
		spaces := len(line) - len(bytes.TrimLeft(line, " "))
		if spaces < len(line) {
			return max(indent, spaces)
		}
		indent = max(indent, spaces)
		if d.lines.nextLine(at) == at {
			break
		}
	}
	return indent
}

// parentIndent is the column from zero of the collection that holds the block
// scalar at i, read from its line: the indentation behind "- " markers.
func (d *Document) parentIndent(i int) int {
	line := d.src[d.lines.lineStart(i):i]
	column := 0
	for {
		rest := line[column:]
		column += len(rest) - len(bytes.TrimLeft(rest, " "))
		rest = line[column:]
		last := !bytes.HasPrefix(rest, []byte("- ")) && !bytes.HasPrefix(rest, []byte("? "))
		onlyMarker := len(bytes.TrimLeft(rest[min(1, len(rest)):], " ")) == 0
		if last || onlyMarker {
			return column
		}
		column++
	}
}
