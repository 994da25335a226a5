package host

import (
	"runtime"
	"runtime/metrics"
	"testing"
	"time"
)

func TestThePaceOfTheCollector(t *testing.T) {
	const mb = 1 << 20
	for _, tt := range []struct {
		name string
		live uint64
		want int
	}{
		{"nothing was collected yet", 0, 400},
		{"little is live, and the least heap is no larger than the floor", 1 * mb, 400},
		{"what may be added reaches the floor", 4 * mb, 300},
		{"in steps", 5 * mb, 200},
		{"half of the floor is live", 8 * mb, 100},
		{"more than the floor is live", 50 * mb, 100},
	} {
		if got := paceFor(tt.live, 16*mb); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestThePaceFollowsWhatIsLive(t *testing.T) {
	t.Setenv("GOGC", "")
	LetHeapGrow(16 << 20)
	expect := func(when string, ok func(percent uint64) bool) {
		t.Helper()
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		in := []metrics.Sample{{Name: "/gc/gogc:percent"}}
		for range 2000 {
			runtime.GC()
			if metrics.Read(in); ok(in[0].Value.Uint64()) {
				return
			}
			<-tick.C
		}
		t.Errorf("%s the pace is %d", when, in[0].Value.Uint64())
	}
	expect("with little live", func(percent uint64) bool { return percent > standard })
	much := make([]byte, 32<<20)
	expect("with much live", func(percent uint64) bool { return percent == standard })
	runtime.KeepAlive(much)
	expect("with little live again", func(percent uint64) bool { return percent > standard })
}
