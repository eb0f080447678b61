package helmchart

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"helm.sh/helm/v4/pkg/chart/loader/archive"
	"helm.sh/helm/v4/pkg/ignore"
)

// maxChartBytes is Helm's own limit for the files of a chart (loader/archive.MaxDecompressedChartSize).
const maxChartBytes = 100 << 20

// readBounded reads a regular file (symbolic links are followed as far as fsys allows) of at most limit bytes.
func readBounded(fsys fs.FS, file string, limit int64) ([]byte, error) {
	info, err := fs.Stat(fsys, file)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, &Error{Pos: Pos{File: file}, Message: "not a regular file"}
	}
	if info.Size() > limit {
		return nil, &Error{Pos: Pos{File: file}, Message: fmt.Sprintf("%d bytes: at most %d are read", info.Size(), limit)}
	}
	return fs.ReadFile(fsys, file)
}

// chartFiles lists the files below dir by their path in the chart; nil rules keep every file.
func chartFiles(fsys fs.FS, dir string, rules *ignore.Rules) ([]*archive.BufferedFile, error) {
	var files []*archive.BufferedFile
	budget := int64(maxChartBytes)
	err := fs.WalkDir(fsys, dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return asErrors(name, err)
		}
		if name == dir {
			return nil
		}
		rel := strings.TrimPrefix(name, dir+"/")
		if rules != nil {
			if info, err := d.Info(); err == nil && rules.Ignore(rel, info) {
				if d.IsDir() {
					return fs.SkipDir
				}
				return nil
			}
		}
		if d.IsDir() {
			return nil
		}
		data, err := readBounded(fsys, name, budget)
		if err != nil {
			return asErrors(name, err)
		}
		budget -= int64(len(data))
		files = append(files, &archive.BufferedFile{Name: rel, Data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))})
		return nil
	})
	return files, err
}

// ignoreRules are those of the chart's .helmignore and Helm's own.
func ignoreRules(fsys fs.FS, dir string) (*ignore.Rules, error) {
	rules := ignore.Empty()
	file := path.Join(dir, ignore.HelmIgnore)
	data, err := readBounded(fsys, file, maxValueBytes)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return nil, asErrors(file, err)
	default:
		if rules, err = ignore.Parse(bytes.NewReader(data)); err != nil {
			return nil, asErrors(file, err)
		}
	}
	rules.AddDefaults()
	return rules, nil
}

// copyTree writes every file of the chart (also those that .helmignore hides from Helm: the test suites are often
// among them) below root, at the chart's own path.
func copyTree(fsys fs.FS, dir string, root *os.Root) error {
	files, err := chartFiles(fsys, dir, nil)
	if err != nil {
		return err
	}
	for _, f := range files {
		if err := writeBelow(root, path.Join(dir, f.Name), f.Data); err != nil {
			return err
		}
	}
	return nil
}

func writeBelow(root *os.Root, name string, data []byte) error {
	if err := root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	if err := root.WriteFile(name, data, 0o644); err != nil {
		return fmt.Errorf("copy %s: %w", name, err)
	}
	return nil
}
