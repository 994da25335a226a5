package host

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
)

// LetHeapGrow lets the heap grow to so many bytes before it is collected, where the collector would begin sooner: that is when
// little is live. A larger heap is collected as ever, and where GOGC is set nothing changes. It is for the whole process.
func LetHeapGrow(to uint64) {
	if os.Getenv("GOGC") == "" {
		(&pace{floor: to}).collected()
	}
}

// standard is the collector's own pace: a heap grows by as much as is live.
const standard = 100

// pace follows the collector.
type pace struct {
	floor   uint64
	percent int // in force; 0: none was set
}

// collected sets the pace of the next collection by what is live after the last one, and waits for that next one.
func (p *pace) collected() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	if percent := paceFor(live[0].Value.Uint64(), p.floor); percent != p.percent {
		p.percent = percent
		debug.SetGCPercent(percent)
	}
	runtime.AddCleanup(new(*pace), func(p *pace) { p.collected() }, p) // what nobody holds goes with the next collection
}

// paceFor is the percentage of what is live by which the heap may grow. It goes in steps, as each change stops the process for a
// moment, and so far only that the least heap that the runtime collects, which grows with it, is no larger than the floor.
func paceFor(live, floor uint64) int {
	const step, least = 50, 4 << 20 // bytes that the runtime collects at the standard pace
	percent := int(floor*100/max(live, 1)) - 100
	return min(max(percent/step*step, standard), int(floor*standard/least))
}
