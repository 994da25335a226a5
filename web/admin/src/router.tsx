import { createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { EventsPage } from './pages/events'
import { ProfilesPage } from './pages/profiles'
import { SignInPage } from './pages/signin'
import { currentSession, maySee } from './session'
import { Shell } from './shell'

const root = createRootRoute()

const signIn = createRoute({ getParentRoute: () => root, path: '/sign-in', component: SignInPage })

// Everything below needs a session.
const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Shell,
  beforeLoad: () => {
    if (!currentSession()) throw redirect({ to: '/sign-in' })
  },
})

const home = createRoute({
  getParentRoute: () => inside,
  path: '/',
  beforeLoad: () => {
    const session = currentSession()
    throw redirect({ to: session && !maySee('profiles', session.user.role) && maySee('events', session.user.role) ? '/events' : '/profiles' })
  },
})
const profiles = createRoute({ getParentRoute: () => inside, path: '/profiles', component: ProfilesPage })
const events = createRoute({ getParentRoute: () => inside, path: '/events', component: EventsPage })

export const router = createRouter({
  routeTree: root.addChildren([signIn, inside.addChildren([home, profiles, events])]),
  basepath: '/admin',
  defaultNotFoundComponent: () => <p>There is no such page.</p>,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
