import proto from '@temporalio/proto';
import type { coresdk, temporal } from '@temporalio/proto';
import { defaultFailureConverter, defaultPayloadConverter } from '@temporalio/common';
// Times of the wire: the SDK has no public path to them.
// eslint-disable-next-line temporal/no-temporal-internal-imports
import { msNumberToTs, optionalTsToMs } from '@temporalio/common/lib/time.js';

export type Job = coresdk.workflow_activation.IWorkflowActivationJob;
export type Activation = coresdk.workflow_activation.IWorkflowActivation;
export type Command = coresdk.workflow_commands.IWorkflowCommand;
export type ScheduleActivity = coresdk.workflow_commands.IScheduleActivity;
export type Payload = temporal.api.common.v1.IPayload;
export type Failure = temporal.api.failure.v1.IFailure;

export { msNumberToTs as timestamp, optionalTsToMs as ms };

export const toPayload = (value: unknown): Payload => defaultPayloadConverter.toPayload(value);

export const fromPayload = (payload: Payload | null | undefined): unknown =>
  payload == null ? undefined : defaultPayloadConverter.fromPayload(payload);

export const toFailure = (error: unknown): Failure =>
  defaultFailureConverter.errorToFailure(error, defaultPayloadConverter);

export const toError = (failure: Failure): Error =>
  defaultFailureConverter.failureToError(failure, defaultPayloadConverter);

export const { TimeoutType, RetryState } = proto.temporal.api.enums.v1;
export const { ActivityCancellationType } = proto.coresdk.workflow_commands;
export type TimeoutType = temporal.api.enums.v1.TimeoutType;
export type RetryState = temporal.api.enums.v1.RetryState;
