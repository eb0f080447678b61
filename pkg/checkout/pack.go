package checkout

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/flate" // one and a half times as fast as the standard library's at what a lock file holds
)

// packer compresses one content after the other with one compressor, whose tables are larger than most files.
type packer struct {
	compressor *flate.Writer
	packed     bytes.Buffer
}

func (p *packer) pack(content []byte) string {
	p.packed.Reset()
	if p.compressor == nil {
		var err error
		if p.compressor, err = flate.NewWriter(&p.packed, flate.BestSpeed); err != nil { // the level is a constant
			panic(err)
		}
	} else {
		p.compressor.Reset(&p.packed)
	}
	_, _ = p.compressor.Write(content) // a bytes.Buffer takes everything
	_ = p.compressor.Close()
	return base64.RawStdEncoding.EncodeToString(p.packed.Bytes())
}

// unpacker is the other way round, with one decompressor, whose window is larger than most files.
type unpacker struct{ decompressor decompressor }

// decompressor is what flate.NewReader returns.
type decompressor interface {
	io.Reader
	flate.Resetter
}

func (u *unpacker) unpack(packed string) ([]byte, error) {
	deflated, err := base64.RawStdEncoding.DecodeString(packed)
	if err != nil {
		return nil, err
	}
	if u.decompressor == nil {
		d, ok := flate.NewReader(nil).(decompressor)
		if !ok {
			return nil, errors.ErrUnsupported // it says that it is
		}
		u.decompressor = d
	}
	if err := u.decompressor.Reset(bytes.NewReader(deflated), nil); err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(u.decompressor, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = errors.New("larger than any file that is written")
	}
	return content, err
}

// spread does n pieces of work on every processor, each with a worker of its own that keeps its tools.
func spread[Worker any](n int, do func(w *Worker, i int)) {
	var wg sync.WaitGroup
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			var w Worker
			for i := next.Add(1); i <= int64(n); i = next.Add(1) {
				do(&w, int(i-1))
			}
		})
	}
	wg.Wait()
}
