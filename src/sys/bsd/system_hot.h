/* The BSDs have no stable way past libc (sys/unix/hot_calls.h). */
#ifndef MIO_SYSTEM_HOT_H
#define MIO_SYSTEM_HOT_H

#endif
