// Package interchange shows that supergraphs are interchangeable: ours runs in another federation gateway, and those that
// the other composers write run in ours, over the same four services and with the same answers.
package interchange
