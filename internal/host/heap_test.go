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
		cost float64 // of collecting at the standard pace
		want int
	}{
		{"nothing was collected yet", 0, 0, 400},
		{"little is live, and the least heap is no larger than the least wanted", 1 * mb, 0, 400},
		{"what may be added reaches the least", 4 * mb, 0, 300},
		{"in steps", 5 * mb, 0, 200},
		{"half of the least is live, and collecting dear", 8 * mb, 0.2, 100},
		{"much is live, and collecting dear", 50 * mb, 0.2, 100},
		{"collecting would be dear at any other pace", 64 * mb, 0.08, 100},
		{"collecting twice as often is not dear", 64 * mb, 0.04, 51},
		{"collecting three times as often is not dear, where so much is live", 64 * mb, 0.026, 33},
		{"it is, where less is live", 32 * mb, 0.026, 78},
		{"collecting costs next to nothing", 64 * mb, 0.005, 12},
	} {
		p := &pace{least: 16 * mb, percent: standard, cost: tt.cost}
		if got := p.next(tt.live); got != tt.want {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.want)
		}
	}
}

func TestAStepToAndFroIsNotTaken(t *testing.T) {
	for _, tt := range []struct {
		from, to int
		want     bool
	}{
		{400, 350, true},
		{350, 100, true},
		{100, 150, true},
		{100, 100, false},
		{100, 78, false},
		{63, 78, false},
		{51, 41, false},
		{51, 33, true},
		{33, 51, true},
		{12, 15, false},
		{12, 18, true},
		{150, 150, false},
	} {
		if got := (&pace{percent: tt.from}).worth(tt.to); got != tt.want {
			t.Errorf("from %d to %d: %t", tt.from, tt.to, got)
		}
	}
}

func TestWhatCollectingCosts(t *testing.T) {
	for _, tt := range []struct {
		name    string
		percent int
		gc      float64 // seconds of every second that is not collected
		least   float64
		most    float64
	}{
		{"nothing", 100, 0, 0, 0.001},
		{"a tenth of all", 100, 1.0 / 9, 0.099, 0.101},
		{"a tenth of all by collecting four times as often, so some fortieth", 25, 1.0 / 9, 0.026, 0.028},
		{"a tenth of all by collecting half as often, so some fifth", 200, 1.0 / 9, 0.17, 0.19},
	} {
		p := &pace{percent: tt.percent}
		for i := range 50 { // a second of each
			p.spent(float64(i+1)*tt.gc/10, float64(i+1)/10)
		}
		if p.cost < tt.least || p.cost > tt.most {
			t.Errorf("%s: %.4f, want %.3f to %.3f", tt.name, p.cost, tt.least, tt.most)
		}
		before := p.cost
		p.spent(p.gc-1, p.user) // clocks are estimates
		p.spent(p.gc+1, p.user)
		if p.cost != before {
			t.Errorf("%s: clocks that stood still changed it to %.4f", tt.name, p.cost)
		}
	}
}

func TestThePaceFollowsWhatIsLive(t *testing.T) {
	t.Setenv("GOGC", "")
	PaceCollector(16 << 20)
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
	expect("with much live", func(percent uint64) bool { return percent <= standard })
	runtime.KeepAlive(much)
	expect("with little live again", func(percent uint64) bool { return percent > standard })
}
