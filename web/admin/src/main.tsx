import '@mantine/core/styles.css'
import { createTheme, MantineProvider } from '@mantine/core'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Provider } from 'urql'
import { createApi } from './api'
import { router } from './router'

// Darker than the default, so that text on it is readable (WCAG AA).
const theme = createTheme({ primaryShade: { light: 8, dark: 9 } })

const api = createApi(() => void router.navigate({ to: '/sign-in' }))

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <Provider value={api}>
        <RouterProvider router={router} />
      </Provider>
    </MantineProvider>
  </StrictMode>,
)
