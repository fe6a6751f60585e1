// The API's types under the names that the console uses. They come from the server's own OpenAPI
// document; nothing here describes a field by hand.

import type { components } from './schema'

type Schemas = components['schemas']

export type ChatBody = Schemas['ChatCompletionRequest']
export type ChatAnswer = Schemas['ChatCompletion']
export type ChatChunk = Schemas['ChatCompletionChunk']
export type CompletionBody = Schemas['CompletionRequest']
export type CompletionAnswer = Schemas['Completion']
export type SummaryBody = Schemas['SummaryRequest']
export type SummaryAnswer = Schemas['Summary']
export type ExplainBody = Schemas['ExplainBody']
export type Explanation = Schemas['Explanation']
export type ImageJob = Schemas['ImageJob']
export type ImageJobBody = Schemas['ImageJobRequest']
export type ImageJobEvent = Schemas['ImageJobEvent']
export type ImageJobPicture = Schemas['ImageJobPicture']
export type ImageJobProgress = Schemas['ImageJobProgress']
export type ImageJobRecipe = Schemas['ImageJobRecipe']
export type ImageFormat = Schemas['ImageFileFormat']
export type PredictAnswer = Schemas['PredictAnswer']
export type PredictLabel = Schemas['PredictLabel']
export type Message = Schemas['Message']
export type Metrics = Schemas['Metrics']
export type Model = Schemas['Model']
export type Route = Schemas['Route']
export type RouteTarget = Schemas['RouteTarget']
export type ServerFrame = Schemas['WsServerFrame']
export type SummaryPiece = Schemas['SummaryDelta']
export type SummaryProgress = Schemas['SummaryProgress']
